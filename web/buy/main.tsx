import { render } from 'preact';
import './buy.css';
import { BuyPage } from './buy_page';

render(<BuyPage />, document.getElementById('page')!);
