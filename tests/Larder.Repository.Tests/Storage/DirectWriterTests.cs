using System.Buffers;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests.Storage;

public sealed class DirectWriterTests
{
    private const int Block = 4096;

    [Theory]
    [InlineData(DirectWriter.FileBytesMin - 1)]
    [InlineData(DirectWriter.FileBytesMin)]
    [InlineData(DirectWriter.FileBytesMin + 1)]
    [InlineData((4 << 20) + Block)]
    [InlineData((16 << 20) - 777)]
    public async Task Files_around_the_bounds_of_blocks_and_buffers_come_back_byte_for_byte(int bytes)
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        var content = SeededBytes.Noise(bytes, bytes);
        var key = new StorageKey(FileKind.Pack, Hash256.Of(content));

        await storage.PutAsync(key, Segments.Cut(content, () => 70_001), CancellationToken.None);

        var read = await storage.ReadAllAsync(key, 32 << 20, CancellationToken.None);
        Assert.True(content.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public void Only_whole_blocks_are_taken_and_the_rest_is_left_to_the_usual_way()
    {
        using var folder = new TemporaryFolder();
        using var handle = File.OpenHandle(folder["file"], FileMode.CreateNew, FileAccess.Write);
        var content = SeededBytes.Noise((5 << 20) + 5, 5);

        var written = DirectWriter.Write(handle, new ReadOnlySequence<byte>(content), CancellationToken.None);

        // Where the file system refuses, nothing is taken.
        Assert.Contains(written, new long[] { 0, 5 << 20 });
        Assert.Equal(written, RandomAccess.GetLength(handle));

        // The handle is an ordinary one again: an odd write at an odd place works.
        RandomAccess.Write(handle, content.AsSpan((int)written), written);
        Assert.Equal(content, File.ReadAllBytes(folder["file"]));
    }
}
