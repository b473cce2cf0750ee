import { render } from 'preact';
import '../theme/sale.css';
import { SignInPage } from './sign_in_page';

render(<SignInPage />, document.getElementById('page')!);
