import { render } from 'preact';
import './producer.css';
import { ProducerPage } from './producer_page';

render(<ProducerPage />, document.getElementById('page')!);
