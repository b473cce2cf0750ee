import { render } from 'preact';
import './pay.css';
import { PayPage } from './pay_page';

render(<PayPage />, document.getElementById('page')!);
