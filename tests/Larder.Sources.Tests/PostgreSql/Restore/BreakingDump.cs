using Larder.Sources.Dumps;

namespace Larder.Sources.Tests.PostgreSql.Restore;

/// <summary>A dump of which one file does something in its middle: throws, or calls back.</summary>
internal sealed class BreakingDump(IStoredDump inner, EntryPath path, Func<Task> inTheMiddle) : IStoredDump
{
    public IReadOnlyList<StoredFile> Files => inner.Files;

    public async ValueTask<Stream> OpenAsync(EntryPath opened, CancellationToken cancellationToken)
    {
        var stream = await inner.OpenAsync(opened, cancellationToken);
        return opened == path ? new BreakingStream(stream, stream.Length / 2, inTheMiddle) : stream;
    }

    private sealed class BreakingStream(Stream content, long middle, Func<Task> inTheMiddle) : ReadOnlyStream
    {
        private long read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (read < middle)
            {
                buffer = buffer[..(int)Math.Min(buffer.Length, middle - read)];
            }
            else if (read == middle)
            {
                await inTheMiddle();
            }
            var count = await content.ReadAsync(buffer, cancellationToken);
            read += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            content.Dispose();
            base.Dispose(disposing);
        }
    }
}
