import { render } from 'preact';
import './test.css';
import { TestPage } from './test_page';

render(<TestPage />, document.getElementById('page')!);
