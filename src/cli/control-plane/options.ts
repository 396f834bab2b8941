import { Option } from 'commander';

export function folderOption(): Option {
  return new Option('-f, --folder <folder>', 'the folder that the control plane serves').default(
    '.',
    'the current one',
  );
}

export function stateOption(): Option {
  return new Option('--state <directory>', 'its state directory, where that is not the usual one of the folder');
}
