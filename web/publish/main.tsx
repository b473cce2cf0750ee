import { render } from 'preact';
import './publish.css';
import { PublishPage } from './publish_page';

render(<PublishPage />, document.getElementById('page')!);
