using Larder.Sources.MongoDb;

namespace Larder.Sources.Tests.MongoDb;

public sealed class DumpNamesTests
{
    [Theory]
    [InlineData("plain.name-1_~", "plain.name-1_~")]
    [InlineData("a/b c%d", "a%2Fb%20c%25d")]
    [InlineData("$&+:=@", "%24%26%2B%3A%3D%40")]
    [InlineData("(x)!*';,?", "%28x%29%21%2A%27%3B%2C%3F")]
    [InlineData("ü", "%C3%BC")]
    public void A_name_is_escaped_as_every_mongorestore_reads_it_and_back(string name, string file)
    {
        Assert.Equal(file, DumpNames.Escape(name));
        Assert.Equal(name, DumpNames.Unescape(file));
    }

    [Fact]
    public void A_long_name_ends_in_its_hash()
    {
        var file = DumpNames.Escape(new string('x', 239));
        Assert.Equal(238, file.Length);
        Assert.StartsWith(new string('x', 208) + "%24", file, StringComparison.Ordinal);
        Assert.Equal(new string('x', 238), DumpNames.Escape(new string('x', 238)));
        Assert.NotEqual(file, DumpNames.Escape(new string('x', 240)));
    }

    [Theory]
    [InlineData("shop.cart", "shop", "cart", true)]
    [InlineData("shop.cart", "shop", "cart2", false)]
    [InlineData("shop.*", "shop", "a.b", true)]
    [InlineData("*.log", "any", "my.log", true)]
    [InlineData("*.log", "any", "my.logs", false)]
    [InlineData("s*p.c*t*", "shop", "cart", true)]
    [InlineData("s*p.*x*", "shop", "cart", false)]
    [InlineData("a*a", "a", "", false)]
    [InlineData("shop.a?b", "shop", "axb", false)]
    public void A_pattern_leaves_out_what_it_matches(string pattern, string database, string collection, bool expected) =>
        Assert.Equal(expected, new NamePatterns([pattern]).Match(database, collection));
}
