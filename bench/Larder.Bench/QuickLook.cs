using System.Diagnostics;
using System.Globalization;
using Larder.Repository.Crypto;

namespace Larder.Bench;

/// <summary>
/// Every kernel for half a second or so, MB per second of processor time on one thread, and bytes allocated per call: enough to
/// see that a change slowed one down.
/// </summary>
internal static class QuickLook
{
    private const double Seconds = 0.4;

    public static void Run()
    {
        foreach (var content in new[] { "dump", "noise", "zeros" })
        {
            foreach (var average in new[] { 64 * 1024, 1024 * 1024 })
            {
                foreach (var width in new[] { "Bits512", "Bits256", "Bits128", "Scalar" })
                {
                    var kernel = new ChunkerKernel { Content = content, AverageBytes = average, Width = width };
                    kernel.Prepare();
                    var mean = ChunkerKernel.Bytes / (double)kernel.Cut() / average;
                    Measure($"cut {content}, {average / 1024} KiB, {width}, mean {mean:f2} averages",
                        ChunkerKernel.Bytes, () => kernel.Cut());
                }
            }
        }
        foreach (var portable in new[] { false, true })
        {
            foreach (var bytes in new[] { 4 * 1024, 64 * 1024, 1024 * 1024 })
            {
                var kernel = new SealKernel { Bytes = bytes, Portable = portable };
                kernel.Prepare();
                var where = portable ? "portable" : "libcrypto";
                Measure($"seal {bytes / 1024} KiB, {where}", bytes, kernel.Seal);
                Measure($"open {bytes / 1024} KiB, {where}", bytes, () => kernel.Open());
                kernel.Dispose();
            }
        }
        foreach (var level in new[] { 1, 3 })
        {
            var kernel = new ZstdKernel { Level = level };
            kernel.Prepare();
            Measure($"zstd {level}, compress 1 MiB", kernel.Bytes, () => kernel.Encode());
            Measure($"zstd {level}, decompress 1 MiB", kernel.Bytes, () => kernel.Decode());
            kernel.Dispose();
        }
        var hash = new Sha256Kernel();
        hash.Prepare();
        Measure("SHA-256 of 1 MiB", hash.Bytes, () => hash.Hash());

        var start = Environment.CpuUsage.TotalTime;
        Scrypt.Derive("password"u8, new byte[64], ScryptCost.Default, new byte[64]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"scrypt {ScryptCost.Default}: {(Environment.CpuUsage.TotalTime - start).TotalSeconds:f2} s"));
    }

    private static void Measure(string what, int bytes, Action call)
    {
        var warm = Stopwatch.StartNew();
        do
        {
            call();
        }
        while (warm.Elapsed.TotalSeconds < Seconds); // Long enough for the optimizing JIT to have come by.

        // Processor time, so that others on the machine do not count.
        var calls = 0L;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        do
        {
            call();
            calls++;
        }
        while (clock.Elapsed.TotalSeconds < Seconds);
        var used = Environment.CpuUsage.TotalTime - start;
        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)calls;
        var speed = calls * (double)bytes / used.TotalSeconds / 1e6;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{speed,9:f0} MB/s {allocated,6:f0} B/call  {what}"));
    }
}
