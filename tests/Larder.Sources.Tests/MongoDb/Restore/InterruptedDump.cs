using Larder.Sources.Dumps;
using Larder.Testing;

namespace Larder.Sources.Tests.MongoDb.Restore;

/// <summary>A dump in a folder in which something happens when one file has been read up to a byte.</summary>
internal sealed class InterruptedDump(string folder, string file, long afterBytes, Func<Task> happen) : IStoredDump
{
    private readonly FolderDump dump = new(folder);

    public IReadOnlyList<StoredFile> Files => dump.Files;

    public async ValueTask<Stream> OpenAsync(EntryPath path, CancellationToken cancellationToken)
    {
        var stream = await dump.OpenAsync(path, cancellationToken);
        return path.ToString() == file ? new InterruptedStream(stream, afterBytes, happen) : stream;
    }

    private sealed class InterruptedStream(Stream inner, long afterBytes, Func<Task> happen) : ReadOnlyStream
    {
        private long left = afterBytes;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (left == 0)
            {
                left = -1;
                await happen();
            }
            var wanted = left < 0 ? buffer.Length : (int)Math.Min(buffer.Length, left);
            var count = await inner.ReadAsync(buffer[..wanted], cancellationToken);
            left -= left < 0 ? 0 : count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
