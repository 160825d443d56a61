using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Larder.Repository.Chunking;
using Larder.Repository.Crypto;
using Larder.Repository.Native;

namespace Larder.Bench;

/// <summary>Cutting 64 MiB, by kind of content, average size and vector width.</summary>
[MemoryDiagnoser]
public class ChunkerKernel
{
    public const int Bytes = 64 << 20;

    private byte[] data = [];
    private ContentChunker chunker = null!;

    [Params("dump", "noise", "zeros")]
    public string Content { get; set; } = "dump";

    [Params(64 * 1024, 1024 * 1024)]
    public int AverageBytes { get; set; } = 64 * 1024;

    [Params("Scalar", "Bits128", "Bits256", "Bits512")]
    public string Width { get; set; } = "Bits512";

    [GlobalSetup]
    public void Prepare()
    {
        data = Content switch
        {
            "dump" => DumpText.Create(Bytes, seed: 1),
            "noise" => DumpText.Noise(Bytes, seed: 1),
            _ => new byte[Bytes],
        };
        using var key = RepositoryKey.Generate();
        chunker = new ContentChunker(ChunkerKeys.Derive(key), ChunkSizes.Around(AverageBytes), Enum.Parse<VectorWidth>(Width));
    }

    /// <summary>The number of chunks.</summary>
    [Benchmark]
    public int Cut()
    {
        var chunks = 0;
        for (var at = 0; at < data.Length; chunks++)
        {
            at += chunker.Cut(data.AsSpan(at));
        }
        return chunks;
    }
}

/// <summary>Sealing and opening one blob.</summary>
[MemoryDiagnoser]
public class SealKernel : IDisposable
{
    private RepositoryKey key = null!;
    private byte[] plain = [];
    private byte[] box = [];

    [Params(4 * 1024, 64 * 1024, 1024 * 1024)]
    public int Bytes { get; set; } = 1024 * 1024;

    [Params(false, true)]
    public bool Portable { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        using var generated = RepositoryKey.Generate();
        key = new RepositoryKey(RepositoryKey.ParseMaterial(generated.ToJson()), Portable);
        plain = DumpText.Create(Bytes, seed: 2);
        box = new byte[Bytes + RepositoryKey.OverheadBytes];
        key.Seal(plain, box);
    }

    [Benchmark]
    public void Seal() => key.Seal(plain, box);

    [Benchmark]
    public bool Open() => key.TryOpen(box, plain);

    [GlobalCleanup]
    public void Dispose() => key.Dispose();
}

/// <summary>Compressing and decompressing one blob of dump text.</summary>
[MemoryDiagnoser]
public class ZstdKernel : IDisposable
{
    private readonly ZstdDecoder decoder = new();
    private ZstdEncoder encoder = null!;
    private byte[] plain = [];
    private byte[] frame = [];
    private int frameBytes;

    [Params(64 * 1024, 1024 * 1024)]
    public int Bytes { get; set; } = 1024 * 1024;

    [Params(1, 3)]
    public int Level { get; set; } = 1;

    [GlobalSetup]
    public void Prepare()
    {
        encoder = new ZstdEncoder(Level);
        plain = DumpText.Create(Bytes, seed: 3);
        frame = new byte[ZstdEncoder.BytesMax(Bytes)];
        frameBytes = encoder.Encode(plain, frame);
    }

    [Benchmark]
    public int Encode() => encoder.Encode(plain, frame);

    [Benchmark]
    public bool Decode() => decoder.TryDecode(frame.AsSpan(0, frameBytes), plain);

    [GlobalCleanup]
    public void Dispose()
    {
        encoder.Dispose();
        decoder.Dispose();
    }
}

/// <summary>Naming one blob.</summary>
[MemoryDiagnoser]
public class Sha256Kernel
{
    private readonly byte[] digest = new byte[32];
    private byte[] plain = [];

    [Params(64 * 1024, 1024 * 1024)]
    public int Bytes { get; set; } = 1024 * 1024;

    [GlobalSetup]
    public void Prepare() => plain = DumpText.Create(Bytes, seed: 4);

    [Benchmark]
    public int Hash() => SHA256.HashData(plain, digest);
}
