using System.Text;
using Larder.Repository.Crypto;

namespace Larder.Repository.Tests.Crypto;

public sealed class KeyFileTests
{
    private static readonly DateTimeOffset Created = new(2026, 11, 21, 9, 30, 0, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("correct horse")]
    [InlineData("")]
    [InlineData("pässwörd 🗝")]
    public void A_key_file_opens_with_its_password_and_no_other(string password)
    {
        using var key = RepositoryKey.Generate();
        var file = KeyFile.Parse(NewFile(key, password).ToJson());
        using var opened = file.TryOpen(password);
        Assert.NotNull(opened);
        Assert.Equal(key.ToJson(), opened.ToJson());
        Assert.Null(file.TryOpen(password + " "));
        Assert.Null(file.TryOpen("x"));
    }

    [Fact]
    public void Everything_survives_being_written_and_read()
    {
        using var key = RepositoryKey.Generate();
        var file = NewFile(key, "p") with { Username = "ro\"ot", Hostname = "höst\n" };
        var read = KeyFile.Parse(file.ToJson());
        Assert.Equal(Created, read.Created);
        Assert.Equal("ro\"ot", read.Username);
        Assert.Equal("höst\n", read.Hostname);
        Assert.Equal(file.Cost, read.Cost);
        Assert.Equal(file.Salt, read.Salt);
        Assert.Equal(file.Data, read.Data);
        Assert.Equal(64, read.Salt.Length);
    }

    [Fact]
    public void Two_files_for_one_password_share_nothing()
    {
        using var key = RepositoryKey.Generate();
        KeyFile first = NewFile(key, "p"), second = NewFile(key, "p");
        Assert.NotEqual(first.Salt, second.Salt);
        Assert.NotEqual(first.Data, second.Data);
    }

    [Fact]
    public void Fields_that_are_not_known_are_passed_over_and_names_may_be_missing()
    {
        using var key = RepositoryKey.Generate();
        var json = Encoding.UTF8.GetString(NewFile(key, "p").ToJson())
            .Replace("\"username\":\"root\"", "\"future\":[1,{}]", StringComparison.Ordinal)
            .Replace("2026-11-21T", "someday ", StringComparison.Ordinal);
        var file = KeyFile.Parse(Encoding.UTF8.GetBytes(json));
        Assert.Equal("", file.Username);
        Assert.Equal(default, file.Created);
        using var opened = file.TryOpen("p");
        Assert.NotNull(opened);
    }

    [Theory]
    [InlineData("\"N\":1024", "\"N\":1000", RepositoryError.Damaged)]
    [InlineData("\"N\":1024", "\"N\":-1024", RepositoryError.Damaged)]
    [InlineData("\"N\":1024", "\"N\":1e99", RepositoryError.Damaged)]
    [InlineData("\"N\":1024", "\"N\":\"1024\"", RepositoryError.Damaged)]
    [InlineData("\"N\":1024", "\"N\":2097152", RepositoryError.Unsupported)]
    [InlineData("\"p\":1", "\"p\":0", RepositoryError.Damaged)]
    [InlineData("\"scrypt\"", "\"argon2\"", RepositoryError.Unsupported)]
    [InlineData("\"salt\":\"", "\"salt\":\"AAAA", RepositoryError.Damaged)]
    [InlineData("\"data\":", "\"date\":", RepositoryError.Damaged)]
    public void What_cannot_be_a_key_file_is_refused(string found, string replaced, RepositoryError expected)
    {
        using var key = RepositoryKey.Generate();
        var json = Encoding.UTF8.GetString(NewFile(key, "p").ToJson());
        Assert.Contains(found, json, StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(json.Replace(found, replaced, StringComparison.Ordinal));
        Assert.Equal(expected, Assert.Throws<RepositoryException>(() => KeyFile.Parse(bytes)).Error);
    }

    [Fact]
    public void Mutated_and_random_files_are_refused_or_read_and_nothing_else()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        using var key = RepositoryKey.Generate();
        var json = NewFile(key, "p").ToJson();
        var read = 0;
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = random.Next(4) == 0 ? SeededBytes.Noise(random.Next(100), random.Next()) : SeededBytes.Mutate(json, random);
            try
            {
                KeyFile.Parse(bytes);
                read++;
            }
            catch (RepositoryException)
            {
                // What it should say.
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}, round {round}: {error}");
            }
        }
        Assert.InRange(read, 1, 9_999); // Flips inside the salt go unnoticed here, and only here.
    }

    private static KeyFile NewFile(RepositoryKey key, string password) =>
        KeyFile.Create(key, password, "root", "host", Created, ScryptCost.ForTests);
}
