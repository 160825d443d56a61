using System.Runtime.CompilerServices;
using Larder.Engine.Browse;
using Larder.Engine.Servers;
using Larder.Engine.Tests.Restore;
using Larder.Repository;
using Larder.Sources;
using Larder.Sources.Dumps;
using Larder.Testing;

namespace Larder.Engine.Tests.Servers;

public sealed class StoredSourceDumpTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_file_is_read_as_it_was_stored_several_at_once()
    {
        await using var bench = new BackupBench();
        var contents = Contents(files: 6, bytesEach: 3_000_017);
        var dump = await StoreAsync(bench, contents);

        Assert.Equal(
            contents.Select(file => (file.Key, (long)file.Value.Length)).OrderBy(file => file.Key),
            dump.Files.Select(file => (Inside(bench, file.Path), file.Bytes)).OrderBy(file => file.Item1));
        var read = await Task.WhenAll(dump.Files.Select(async file => (Name: Inside(bench, file.Path), Bytes: await ReadAsync(dump, file.Path))));
        Assert.All(read, file => Assert.Equal(contents[file.Name], file.Bytes));
    }

    [Fact]
    public async Task A_stream_that_is_left_in_the_middle_ends_its_reading_ahead()
    {
        await using var bench = new BackupBench();
        var dump = await StoreAsync(bench, Contents(files: 1, bytesEach: 20_000_000));
        var stream = await dump.OpenAsync(dump.Files[0].Path, Token);
        await stream.ReadExactlyAsync(new byte[1000], Token);

        await stream.DisposeAsync();
        await stream.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[1], Token));
    }

    [Fact]
    public async Task A_cancelled_read_is_cancelled()
    {
        await using var bench = new BackupBench();
        var dump = await StoreAsync(bench, Contents(files: 1, bytesEach: 1000));
        await using var stream = await dump.OpenAsync(dump.Files[0].Path, Token);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadExactlyAsync(new byte[1], cancelled.Token));
    }

    [Fact]
    public async Task A_damaged_byte_is_never_returned()
    {
        await using var bench = new BackupBench();
        var contents = Contents(files: 1, bytesEach: 5_000_000);
        var dump = await StoreAsync(bench, contents);
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(bench.RepositoryPath, "data"), "*", SearchOption.AllDirectories))
        {
            File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await using var file = new FileStream(pack, FileMode.Open, FileAccess.ReadWrite);
            file.Position = file.Length / 2;
            var wrong = (byte)(file.ReadByte() ^ 1);
            file.Position = file.Length / 2;
            file.WriteByte(wrong);
        }

        var read = new MemoryStream();
        await using var stream = await dump.OpenAsync(dump.Files[0].Path, Token);
        await Assert.ThrowsAsync<RepositoryException>(() => stream.CopyToAsync(read, Token));
        Assert.Equal(contents.Single().Value[..(int)read.Length], read.ToArray());
    }

    [Fact]
    public async Task A_file_that_is_not_listed_is_not_there()
    {
        await using var bench = new BackupBench();
        var dump = await StoreAsync(bench, Contents(files: 1, bytesEach: 10));

        var failure = await Assert.ThrowsAsync<SourceException>(async () => await dump.OpenAsync(new EntryPath("app/toc.dat"), Token));
        Assert.Equal(SourceError.Damaged, failure.Error);
    }

    private static Dictionary<string, byte[]> Contents(int files, int bytesEach, [CallerMemberName] string test = "")
    {
        var random = new Random(SeededRandom.SeedFor(test));
        return Enumerable.Range(0, files).ToDictionary(i => $"app/{i}.dat", i =>
        {
            var bytes = new byte[i == 0 ? bytesEach : bytesEach / i];
            random.NextBytes(bytes);
            return bytes;
        });
    }

    private static async Task<StoredSourceDump> StoreAsync(BackupBench bench, Dictionary<string, byte[]> contents)
    {
        foreach (var (name, bytes) in contents)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(bench.Folder[$"dump/{name}"])!);
            await File.WriteAllBytesAsync(bench.Folder[$"dump/{name}"], bytes, Token);
        }
        bench.AddFiles("db", bench.Folder["dump"]);
        await bench.BackUpAsync();
        var backup = await ReadableBackup.OpenAsync(bench.Context, "latest", null, Token);
        return await StoredSourceDump.ListAsync(backup.Trees, backup.Blobs, backup.SourceOf("db").Tree, Token);
    }

    private static string Inside(BackupBench bench, EntryPath path) => $"/{path}"[(bench.Folder["dump"].Length + 1)..];

    private static async Task<byte[]> ReadAsync(IStoredDump dump, EntryPath path)
    {
        var read = new MemoryStream();
        await using var stream = await dump.OpenAsync(path, Token);
        await stream.CopyToAsync(read, Token);
        return read.ToArray();
    }
}
