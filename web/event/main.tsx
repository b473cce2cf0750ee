import { render } from 'preact';
import './event.css';
import { EventPage } from './event_page';

render(<EventPage />, document.getElementById('page')!);
