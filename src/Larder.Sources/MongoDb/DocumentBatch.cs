using System.Buffers;
using System.Buffers.Binary;
using Larder.Sources.Native;

namespace Larder.Sources.MongoDb;

/// <summary>Some documents, one after another without anything between, counted and fingerprinted. The holder disposes it.</summary>
internal sealed class DocumentBatch : IDisposable
{
    private readonly IMemoryOwner<byte>? owner;

    private DocumentBatch(IMemoryOwner<byte>? owner, ReadOnlyMemory<byte> bytes, Fingerprint fingerprint)
    {
        this.owner = owner;
        Bytes = bytes;
        Fingerprint = fingerprint;
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public Fingerprint Fingerprint { get; }

    /// <summary>Takes the documents of an answer as they are; the batch owns the answer from here on.</summary>
    public static DocumentBatch Take(MongoReply reply, int arrayOffset, int arrayBytes)
    {
        var memory = reply.Memory.Slice(arrayOffset, arrayBytes);
        var array = memory.Span;
        var fingerprint = new FingerprintBuilder();

        // In an array each document has a type and a name before it. They are moved together where they lie, while they are in the cache.
        var kept = 0;
        for (var at = 4; array[at] == (byte)BsonType.Document;)
        {
            var nameEnd = array[at..].IndexOf((byte)0);
            var rest = array[(at + nameEnd + 1)..];
            var length = nameEnd > 0 && rest.Length >= 5 ? BinaryPrimitives.ReadInt32LittleEndian(rest) : 0;
            if (length < 5 || length >= rest.Length)
            {
                throw new BsonException("A document is longer than the batch that it came in.");
            }
            var document = rest[..length];
            fingerprint.Add(document);
            document.CopyTo(array[kept..]);
            kept += length;
            at += nameEnd + 1 + length;
        }
        return new DocumentBatch(reply, memory[..kept], fingerprint.ToFingerprint());
    }

    /// <summary>Documents that were picked or written anew.</summary>
    public static DocumentBatch Of(ReadOnlyMemory<byte> bytes, Fingerprint fingerprint) => new(null, bytes, fingerprint);

    public void Dispose() => owner?.Dispose();
}
