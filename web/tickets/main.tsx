import { render } from 'preact';
import './tickets.css';
import { TicketsPage } from './tickets_page';

render(<TicketsPage />, document.getElementById('page')!);
