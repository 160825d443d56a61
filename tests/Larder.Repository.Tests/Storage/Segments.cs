using System.Buffers;

namespace Larder.Repository.Tests.Storage;

/// <summary>Content in several segments.</summary>
internal static class Segments
{
    /// <summary>Cuts bytes into segments of the lengths that are drawn.</summary>
    public static ReadOnlySequence<byte> Cut(byte[] bytes, Func<int> nextLength)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (var offset = 0; offset < bytes.Length;)
        {
            var length = Math.Min(nextLength(), bytes.Length - offset);
            pieces.Add(bytes.AsMemory(offset, length));
            offset += length;
        }
        return Of(pieces);
    }

    /// <summary>Segments of 1 MiB; the one at <paramref name="at"/> calls back before it gives its bytes.</summary>
    public static ReadOnlySequence<byte> WithSignal(byte[] bytes, int at, Action signal)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        for (var offset = 0; offset < bytes.Length; offset += 1 << 20)
        {
            var piece = bytes.AsMemory(offset, Math.Min(1 << 20, bytes.Length - offset));
            pieces.Add(offset == at ? new SignallingMemory(piece, signal).Memory : piece);
        }
        return Of(pieces);
    }

    private static ReadOnlySequence<byte> Of(List<ReadOnlyMemory<byte>> pieces)
    {
        var first = new Segment(pieces[0], null);
        var last = pieces.Skip(1).Aggregate(first, (before, piece) => new Segment(piece, before));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    private sealed class SignallingMemory(Memory<byte> bytes, Action signal) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan()
        {
            signal();
            return bytes.Span;
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            signal();
            return bytes[elementIndex..].Pin();
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
