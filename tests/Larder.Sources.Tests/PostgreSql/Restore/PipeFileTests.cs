using Larder.Sources.PostgreSql.Restore;

namespace Larder.Sources.Tests.PostgreSql.Restore;

public sealed class PipeFileTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_arrives_at_a_reader_that_takes_a_page_at_a_time()
    {
        const int seed = 11;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var content = new byte[5_000_000];
        random.NextBytes(content);
        using var folder = new PipeFolder();
        folder.MakePipe("1.dat");
        var reading = Task.Run(() => ReadPages(folder["1.dat"]), Cancellation);
        await using (var pipe = await folder.OpenWriterAsync("1.dat", Cancellation))
        {
            for (var start = 0; start < content.Length;)
            {
                var count = Math.Min(random.Next(0, 1_500_000), content.Length - start); // More than the pipe holds, too.
                await pipe.WriteAsync(content.AsMemory(start, count), Cancellation);
                start += count;
            }
        }
        var read = await reading;
        Assert.True(content.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_writer_that_waits_for_room()
    {
        using var folder = new PipeFolder();
        folder.MakePipe("1.dat");
        var opening = Task.Run(() => File.OpenRead(folder["1.dat"]), Cancellation);
        await using var pipe = await folder.OpenWriterAsync("1.dat", Cancellation);
        var reader = await opening;
        var piece = new byte[900_000];
        await pipe.WriteAsync(piece, Cancellation);
        var waiting = pipe.WriteAsync(piece, Cancellation).AsTask();
        await reader.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation));
    }

    private static byte[] ReadPages(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using var all = new MemoryStream();
        var page = new byte[4096];
        while (file.Read(page) is var count and > 0)
        {
            all.Write(page, 0, count);
        }
        return all.ToArray();
    }
}
