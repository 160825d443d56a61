using System.Buffers;
using Larder.Repository;

namespace Larder.Testing;

/// <summary>Content whose first part can be read and whose rest fails when touched, as a connection that breaks off does.</summary>
internal static class BrokenOffContent
{
    public static ReadOnlySequence<byte> Of(ReadOnlySequence<byte> content, long goodBytes, RepositoryException failure)
    {
        var good = new Segment(content.Slice(0, goodBytes).ToArray(), null);
        var bad = new Segment(new FailingMemory((int)(content.Length - goodBytes), failure).Memory, good);
        return new ReadOnlySequence<byte>(good, 0, bad, bad.Memory.Length);
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

    private sealed class FailingMemory(int length, RepositoryException failure) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(length);

        public override Span<byte> GetSpan() => throw failure;

        public override MemoryHandle Pin(int elementIndex = 0) => throw failure;

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
