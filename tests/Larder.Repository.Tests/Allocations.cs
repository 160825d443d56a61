namespace Larder.Repository.Tests;

/// <summary>Proves that a call, once warm, leaves nothing for the garbage collector.</summary>
internal static class Allocations
{
    public static void AssertNone(Action call)
    {
        const int calls = 200;
        for (var warm = 0; warm < 20; warm++)
        {
            call();
        }
        // The JIT may replace the code meanwhile, on this thread, and allocates a little for that: the least of several runs counts.
        var least = long.MaxValue;
        for (var run = 0; run < 5; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < calls; i++)
            {
                call();
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }
}
