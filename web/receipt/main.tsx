import { render } from 'preact';
import './receipt.css';
import { ReceiptPage } from './receipt_page';

render(<ReceiptPage />, document.getElementById('page')!);
