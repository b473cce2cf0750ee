import { render } from 'preact';
import './order.css';
import { OrderPage } from './order_page';

render(<OrderPage />, document.getElementById('page')!);
