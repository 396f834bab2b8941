import { describeGoldenCases } from './support/golden.ts';

describeGoldenCases('sotw');
