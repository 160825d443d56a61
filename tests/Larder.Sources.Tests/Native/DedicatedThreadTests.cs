using Larder.Sources.Native;

namespace Larder.Sources.Tests.Native;

public sealed class DedicatedThreadTests
{
    [Fact]
    public async Task It_may_end_before_the_one_who_ends_it_has_said_so()
    {
        for (var i = 0; i < 5000; i++)
        {
            var thread = new DedicatedThread("short-lived");
            var answer = thread.RunAsync(() => i);
            thread.Dispose();
            Assert.Equal(i, await answer);
        }
    }
}
