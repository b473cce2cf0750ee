import { render } from 'preact';
import './watch.css';
import { WatchPage } from './watch_page';

render(<WatchPage />, document.getElementById('page')!);
