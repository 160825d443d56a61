using System.Buffers;

namespace Larder.Repository.Packs;

/// <summary>Two pieces of memory as one sequence, without copying.</summary>
internal sealed class ByteSegments : ReadOnlySequenceSegment<byte>
{
    private ByteSegments(ReadOnlyMemory<byte> memory, long runningIndex)
    {
        Memory = memory;
        RunningIndex = runningIndex;
    }

    public static ReadOnlySequence<byte> Join(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        var tail = new ByteSegments(second, first.Length);
        var head = new ByteSegments(first, 0) { Next = tail };
        return new ReadOnlySequence<byte>(head, 0, tail, second.Length);
    }
}
