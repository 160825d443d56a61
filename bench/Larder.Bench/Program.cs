using BenchmarkDotNet.Running;
using Larder.Bench;

if (args is ["quick"])
{
    QuickLook.Run();
    return;
}
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
