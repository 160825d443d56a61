using Larder.Repository.Snapshots;
using Larder.Repository.Tests.Index;

namespace Larder.Repository.Tests.Snapshots;

[Collection(nameof(AloneOnTheHeap))]
public sealed class TreeSpeedTests
{
    [Fact]
    public void Twenty_thousand_nodes_are_written_and_read_in_a_moment()
    {
        var tree = Trees.Tree(seed: 4, nodeCount: 20_000);
        var bytes = Tree.Decode(tree.Encode()).Encode();

        // The processor's time, not the clock's: a busy machine must not fail this.
        var before = Environment.CpuUsage.TotalTime;
        tree.Encode();
        var encoding = Environment.CpuUsage.TotalTime - before;
        Tree.Decode(bytes);
        var decoding = Environment.CpuUsage.TotalTime - before - encoding;

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{bytes.Length} bytes: {encoding.TotalMilliseconds:F0} ms to write, {decoding.TotalMilliseconds:F0} ms to read");

        // Unoptimized; an optimized build takes about a quarter.
        Assert.True(encoding + decoding < TimeSpan.FromSeconds(2), $"{encoding} + {decoding}");
    }
}
