using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Native;

namespace Larder.Repository.Tests.Native;

public sealed class ZstdTests
{
    // Index files of restic look like this: its streaming encoder does not know the size when it begins.
    private static readonly byte[] FrameWithoutSize = MakeFrameWithoutSize("larder larder larder larder"u8.ToArray());

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(19)]
    [InlineData(-5)]
    public void What_is_encoded_decodes_to_the_same_bytes(int level)
    {
        using var encoder = new ZstdEncoder(level);
        using var decoder = new ZstdDecoder();
        Prop.ForAll<byte[]>(content =>
        {
            var frame = Encode(encoder, content);
            var decoded = new byte[content.Length];
            return ZstdDecoder.TryGetContentBytes(frame, out var stated) && stated == content.Length
                && decoder.TryDecode(frame, decoded) && decoded.AsSpan().SequenceEqual(content)
                && content.AsSpan().SequenceEqual(decoder.TryDecodeWhole(frame, content.Length));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Large_text_shrinks_and_noise_fits_the_bound()
    {
        using var encoder = new ZstdEncoder(1);
        using var decoder = new ZstdDecoder();
        var text = SeededBytes.Text(1 << 20, seed: 1);
        var noise = SeededBytes.Noise(1 << 20, seed: 2);
        Assert.InRange(Encode(encoder, text).Length, 1000, text.Length / 2);
        Assert.InRange(Encode(encoder, noise).Length, noise.Length, ZstdEncoder.BytesMax(noise.Length));
        Assert.Equal(noise, decoder.TryDecodeWhole(Encode(encoder, noise), int.MaxValue));
    }

    [Fact]
    public void Another_length_than_expected_is_refused()
    {
        using var encoder = new ZstdEncoder(1);
        using var decoder = new ZstdDecoder();
        var frame = Encode(encoder, SeededBytes.Text(1000, seed: 3));
        Assert.False(decoder.TryDecode(frame, new byte[999]));
        Assert.False(decoder.TryDecode(frame, new byte[1001]));
        Assert.False(decoder.TryDecode([], []));
        Assert.Null(decoder.TryDecodeWhole(frame, 999));
        Assert.NotNull(decoder.TryDecodeWhole(frame, 1000));
    }

    [Fact]
    public void A_destination_that_is_too_small_is_said_so()
    {
        using var encoder = new ZstdEncoder(1);
        Assert.Throws<ArgumentException>(() => encoder.Encode(SeededBytes.Noise(1000, seed: 4), new byte[500]));
    }

    [Fact]
    public void A_frame_without_a_content_size_decodes_whole_within_its_bound()
    {
        using var decoder = new ZstdDecoder();
        Assert.False(ZstdDecoder.TryGetContentBytes(FrameWithoutSize, out _));
        Assert.Equal("larder larder larder larder"u8.ToArray(), decoder.TryDecodeWhole(FrameWithoutSize, 1000));
        Assert.Equal("larder larder larder larder"u8.ToArray(), decoder.TryDecodeWhole(FrameWithoutSize, 27));
        Assert.Null(decoder.TryDecodeWhole(FrameWithoutSize, 26));
        Assert.Null(decoder.TryDecodeWhole(FrameWithoutSize.AsSpan(0, FrameWithoutSize.Length - 1), 1000));
        Assert.Equal("larder larder larder larder"u8.ToArray(), decoder.TryDecodeWhole(FrameWithoutSize, 1000));
    }

    [Fact]
    public void A_large_frame_without_a_content_size_grows_the_buffer()
    {
        using var decoder = new ZstdDecoder();
        var content = SeededBytes.Noise(700_000, seed: 5);
        var frame = MakeFrameWithoutSize(content);
        Assert.Equal(content, decoder.TryDecodeWhole(frame, 1 << 20));
        Assert.Equal(content, decoder.TryDecodeWhole(frame, content.Length));
        Assert.Null(decoder.TryDecodeWhole(frame, content.Length - 1));
    }

    [Fact]
    public void Mutated_and_random_frames_never_throw()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        using var encoder = new ZstdEncoder(3);
        using var decoder = new ZstdDecoder();
        var content = SeededBytes.Text(5000, seed);
        byte[][] frames = [Encode(encoder, content), MakeFrameWithoutSize(content), FrameWithoutSize];
        var destination = new byte[content.Length];
        for (var round = 0; round < 6000; round++)
        {
            var bytes = random.Next(4) == 0
                ? SeededBytes.Noise(random.Next(100), random.Next())
                : SeededBytes.Mutate(frames[round % frames.Length], random);
            decoder.TryDecode(bytes, destination);
            ZstdDecoder.TryGetContentBytes(bytes, out _);
            var whole = decoder.TryDecodeWhole(bytes, 100_000);
            Assert.True(whole is null || whole.Length <= 100_000, $"seed {seed}, round {round}");
        }
        Assert.True(decoder.TryDecode(frames[0], destination)); // It still works after all that.
        Assert.Equal(content, destination);
    }

    [Fact]
    public void Nothing_is_allocated_for_a_blob()
    {
        using var encoder = new ZstdEncoder(1);
        using var decoder = new ZstdDecoder();
        var content = SeededBytes.Text(100_000, seed: 6);
        var frame = new byte[ZstdEncoder.BytesMax(content.Length)];
        Allocations.AssertNone(() => decoder.TryDecode(frame.AsSpan(0, encoder.Encode(content, frame)), content));
    }

    private static byte[] Encode(ZstdEncoder encoder, byte[] content)
    {
        var frame = new byte[ZstdEncoder.BytesMax(content.Length)];
        return frame[..encoder.Encode(content, frame)];
    }

    /// <summary>Raw blocks of at most 128 KiB under a header that states a window and no size (RFC 8878, 3.1.1).</summary>
    private static byte[] MakeFrameWithoutSize(byte[] content)
    {
        const int blockBytes = 128 * 1024;
        const byte window128KiB = 7 << 3;
        var frame = new List<byte> { 0x28, 0xb5, 0x2f, 0xfd, 0x00, window128KiB };
        for (var at = 0; at < content.Length; at += blockBytes)
        {
            var bytes = Math.Min(blockBytes, content.Length - at);
            var header = (bytes << 3) | (at + bytes == content.Length ? 1 : 0);
            frame.AddRange([(byte)header, (byte)(header >> 8), (byte)(header >> 16)]);
            frame.AddRange(content.AsSpan(at, bytes));
        }
        return [.. frame];
    }
}
