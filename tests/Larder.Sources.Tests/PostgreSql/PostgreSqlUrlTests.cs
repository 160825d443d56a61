using Larder.Sources.PostgreSql;

namespace Larder.Sources.Tests.PostgreSql;

public sealed class PostgreSqlUrlTests
{
    [Theory]
    [InlineData("postgresql://", "")]
    [InlineData("postgres://db.example.com/app", "host=db.example.com dbname=app")]
    [InlineData(
        "postgresql://u:p%40%2F%3Aw@h:5433/d%20b?sslmode=verify-full&sslrootcert=%2Fca.pem",
        "user=u password=p@/:w host=h port=5433 dbname=d b sslmode=verify-full sslrootcert=/ca.pem")]
    [InlineData("postgresql+psycopg2://u@h/d", "user=u host=h dbname=d")]
    [InlineData("postgresql://u@[2001:db8::1]:5432/d", "user=u host=2001:db8::1 port=5432 dbname=d")]
    [InlineData("postgresql://a:1,b:2/d?target_session_attrs=read-only", "host=a,b port=1,2 dbname=d target_session_attrs=read-only")]
    [InlineData("postgresql:///d?host=/var/run/postgresql", "dbname=d host=/var/run/postgresql")]
    [InlineData("postgresql://u:@h", "user=u host=h")]
    [InlineData("postgresql://h/d?schema=public&connection_limit=5", "host=h dbname=d")]
    [InlineData("postgresql://h/d?options=-c%20statement_timeout%3D0", "host=h dbname=d options=-c statement_timeout=0")]
    public void A_url_is_taken_apart_as_libpq_does(string url, string expected)
    {
        var found = PostgreSqlUrl.TryParse(url, out var problem);
        Assert.Null(problem);
        Assert.Equal(Sort(expected), Sort(string.Join(' ', found!.Select(pair => $"{pair.Key}={pair.Value}"))));

        static string[] Sort(string words) =>
            [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("mysql://u:secret@h/d")]
    [InlineData("host=h password=secret")]
    [InlineData("postgresql://u:secret@h:port/d")]
    [InlineData("postgresql://u:sec@ret@[::1/d")]
    [InlineData("postgresql://u:secret@h/d?sslmod=require")]
    public void What_is_wrong_is_said_without_the_password(string url)
    {
        Assert.Null(PostgreSqlUrl.TryParse(url, out var problem));
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("sec", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_password_is_in_the_childs_environment_and_not_among_its_arguments()
    {
        var connection = new PostgreSqlConnection(new() { Url = "postgresql://u:se'cret@h/d?sslmode=require", Host = "other" });
        var start = connection.Start("/bin/pg_dump", @"odd 'n\ame", "pg_dump", "--format=custom");
        Assert.Equal("se'cret", start.Environment["PGPASSWORD"]);
        Assert.Equal("--no-password", start.Arguments[0]);
        Assert.Equal(
            @"--dbname=user='u' host='other' sslmode='require' dbname='odd \'n\\ame' fallback_application_name='larder'",
            start.Arguments[1]);
        Assert.Equal("--format=custom", start.Arguments[2]);
    }

    [Fact]
    public void A_passphrase_that_everybody_could_read_is_refused()
    {
        var error = Assert.Throws<SourceException>(() => new PostgreSqlConnection(new() { Url = "postgresql://h/d?sslpassword=geheim" }));
        Assert.DoesNotContain("geheim", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("globals.sql")]
    [InlineData("100%2F")]
    [InlineData("%252E")]
    [InlineData("größe \"x\"\n'")]
    public void Any_name_of_a_database_makes_a_folder_and_comes_back(string name)
    {
        var folder = DatabaseFolder.Encode(name);
        Assert.DoesNotContain("/", folder, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, (string[])[".", "..", "globals.sql"]);
        Assert.Equal(name, DatabaseFolder.Decode(folder));
    }

    [Fact]
    public void Names_of_objects_are_plain_unless_they_could_be_mistaken()
    {
        Assert.Equal("app.public.Users", ObjectName.Of("app", "public", "Users"));
        Assert.Equal("app.public.\"a.b\"", ObjectName.Of("app", "public", "a.b"));
        Assert.NotEqual(ObjectName.Of("a", "b.c", "d"), ObjectName.Of("a", "b", "c.d"));
    }
}
