using Larder.Cli;

return await CommandLine.RunProcessAsync(args);
