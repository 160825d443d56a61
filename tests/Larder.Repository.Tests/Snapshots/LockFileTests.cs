using System.Text;
using Larder.Repository.Snapshots;
using Larder.Repository.Tests.Index;

namespace Larder.Repository.Tests.Snapshots;

public sealed class LockFileTests
{
    private static readonly LockFile Held = new()
    {
        Time = new DateTimeOffset(2026, 8, 1, 12, 0, 0, TimeSpan.FromHours(2)),
        Exclusive = true,
        Hostname = "host",
        Username = "us\"er",
        Pid = 4711,
        Uid = 1000,
    };

    [Fact]
    public void A_lock_is_written_as_restic_writes_it_and_comes_back()
    {
        Assert.Equal("{\"time\":\"2026-08-01T12:00:00+02:00\",\"exclusive\":true,\"hostname\":\"host\",\"username\":\"us\\\"er\",\"pid\":4711,\"uid\":1000}",
            Encoding.UTF8.GetString(Held.Encode()));
        Assert.Equal(Held, LockFile.Decode(Held.Encode()));
    }

    [Fact]
    public void Only_the_time_must_be_there()
    {
        var read = LockFile.Decode("{\"time\":\"2026-08-01T12:00:00Z\",\"later\":[]}"u8);

        Assert.False(read.Exclusive);
        Assert.Equal("", read.Hostname);
        Assert.Equal(RepositoryError.Damaged, Assert.Throws<RepositoryException>(() => LockFile.Decode("{\"exclusive\":true}"u8)).Error);
    }

    [Fact]
    public void Damaged_bytes_are_read_or_refused_and_nothing_else() => Fuzz.Check(Held.Encode(), json => LockFile.Decode(json));
}
