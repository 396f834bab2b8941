import { describeRandomChanges } from './support/random-changes.ts';

describeRandomChanges('sotw');
