import { render } from 'preact';
import './home.css';
import { HomePage } from './home_page';

render(<HomePage />, document.getElementById('page')!);
