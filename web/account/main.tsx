import { render } from 'preact';
import '../theme/sale.css';
import './account.css';
import { AccountPage } from './account_page';

render(<AccountPage />, document.getElementById('page')!);
