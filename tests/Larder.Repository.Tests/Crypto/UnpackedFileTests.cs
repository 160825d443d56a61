using System.Text;
using Larder.Repository.Crypto;

namespace Larder.Repository.Tests.Crypto;

public sealed class UnpackedFileTests
{
    private static readonly byte[] Json = Encoding.UTF8.GetBytes("{\"packs\":[" + string.Join(',', Enumerable.Repeat("\"abc\"", 500)) + "]}");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_encoded_decodes_in_every_version(int version)
    {
        using var key = RepositoryKey.Generate();
        Assert.Equal(Json, UnpackedFile.Decode(key, UnpackedFile.Encode(key, Json, version), Json.Length));
    }

    [Fact]
    public void Version_2_compresses_and_version_1_and_config_do_not()
    {
        using var key = RepositoryKey.Generate();
        Assert.InRange(UnpackedFile.Encode(key, Json, 2).Length, 40, Json.Length / 4);
        Assert.Equal(Json.Length + RepositoryKey.OverheadBytes, UnpackedFile.Encode(key, Json, 1).Length);
        Assert.Equal(Json.Length + RepositoryKey.OverheadBytes, UnpackedFile.EncodeRaw(key, Json).Length);
        var plain = new byte[UnpackedFile.Encode(key, Json, 2).Length - RepositoryKey.OverheadBytes];
        Assert.True(key.TryOpen(UnpackedFile.Encode(key, Json, 2), plain));
        Assert.Equal([0x02, 0x28, 0xb5, 0x2f, 0xfd], plain[..5]);
    }

    [Fact]
    public void More_than_allowed_another_key_and_other_content_are_damaged()
    {
        using var key = RepositoryKey.Generate();
        using var other = RepositoryKey.Generate();
        AssertDamaged(() => UnpackedFile.Decode(key, UnpackedFile.Encode(key, Json, 2), Json.Length - 1));
        AssertDamaged(() => UnpackedFile.Decode(key, UnpackedFile.Encode(key, Json, 1), Json.Length - 1));
        AssertDamaged(() => UnpackedFile.Decode(other, UnpackedFile.Encode(key, Json, 2), Json.Length));
        AssertDamaged(() => UnpackedFile.Decode(key, UnpackedFile.EncodeRaw(key, [3, 1, 2]), Json.Length));
        AssertDamaged(() => UnpackedFile.Decode(key, UnpackedFile.EncodeRaw(key, [2]), Json.Length));
        AssertDamaged(() => UnpackedFile.Decode(key, UnpackedFile.EncodeRaw(key, []), Json.Length));
        AssertDamaged(() => UnpackedFile.Decode(key, [], Json.Length));
    }

    [Fact]
    public void Mutated_boxes_and_mutated_content_are_damaged_and_nothing_else()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        using var key = RepositoryKey.Generate();
        var box = UnpackedFile.Encode(key, Json, 2);
        var plain = new byte[box.Length - RepositoryKey.OverheadBytes];
        Assert.True(key.TryOpen(box, plain));
        for (var round = 0; round < 3000; round++)
        {
            var mutated = SeededBytes.Mutate(box, random);
            if (!mutated.AsSpan().SequenceEqual(box)) // Two flips may undo each other.
            {
                AssertDamaged(() => UnpackedFile.Decode(key, mutated, 100_000));
            }
            try
            {
                UnpackedFile.Decode(key, UnpackedFile.EncodeRaw(key, SeededBytes.Mutate(plain, random)), 100_000);
            }
            catch (RepositoryException error)
            {
                Assert.True(error.Error == RepositoryError.Damaged, $"Seed {seed}, round {round}: {error}");
            }
        }
    }

    private static void AssertDamaged(Action action) =>
        Assert.Equal(RepositoryError.Damaged, Assert.Throws<RepositoryException>(action).Error);
}
