import { render } from 'preact';
import './producer_event.css';
import { ProducerEventPage } from './producer_event_page';

render(<ProducerEventPage />, document.getElementById('page')!);
