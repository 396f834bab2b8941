import { render } from 'preact';
import { App } from './app.tsx';
import { listen } from './state/live.ts';
import { readSession, takeToken } from './state/session.ts';

takeToken();
void readSession();
listen();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
