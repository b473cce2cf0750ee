import { render } from 'preact';
import './legal.css';
import { LegalPage } from './legal_page';

render(<LegalPage />, document.getElementById('page')!);
