using Larder.Engine.Servers;

namespace Larder.Engine.Tests.Servers;

public sealed class ServerUrlTests
{
    [Theory]
    [InlineData("postgresql://u:p@h:5432/app?sslmode=require", "postgresql", "app")]
    [InlineData("postgres://h", "postgresql", null)]
    [InlineData("POSTGRES://h/", "postgresql", null)]
    [InlineData("postgresql:///my%20app", "postgresql", "my app")]
    [InlineData("mongodb://a:1,b:2/shop?replicaSet=rs0", "mongodb", "shop")]
    [InlineData("mongodb://root:x@h/admin", "mongodb", null)]
    [InlineData("postgresql://h/admin", "postgresql", "admin")]
    [InlineData("mongodb+srv://u:p@h/?w=majority", "mongodb", null)]
    [InlineData("mariadb://h/app", "mysql", "app")]
    [InlineData("mysql://h:3306/app", "mysql", "app")]
    [InlineData("redis://h/0", null, "0")]
    public void It_says_engine_and_database(string url, string? engine, string? database) =>
        Assert.Equal((engine, database), (ServerUrl.EngineOf(url), ServerUrl.DatabaseOf(url)));

    [Theory]
    [InlineData("/srv/backups", false)]
    [InlineData("folder:name", false)]
    [InlineData("redis://h/0", true)]
    public void A_path_is_no_url(string text, bool isUrl) => Assert.Equal(isUrl, ServerUrl.IsUrl(text));
}
