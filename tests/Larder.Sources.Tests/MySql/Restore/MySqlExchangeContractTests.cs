using Larder.Testing.Servers;

namespace Larder.Sources.Tests.MySql.Restore;

/// <summary>Each case restores a dump anew, so in `make test` a share of the calls is killed.</summary>
public abstract class MySqlExchangeContract(MariaDbFixture fixture, SharedDump dump) : ExchangeContract
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";

    protected override int KillEvery => IsSoak ? 1 : 40;

    protected override int Wanderings => IsSoak ? 5 : 1;

    /// <summary>Names begin with the class's own word: classes of tests run side by side.</summary>
    protected abstract string Word { get; }

    protected override async Task<IExchangeSubject> MakeSubjectAsync() =>
        await MakeSubject(new MySqlSandbox(await fixture.GetAsync()), dump).PrepareAsync();

    private protected abstract ExchangeSubject MakeSubject(MySqlSandbox sandbox, SharedDump shared);
}

/// <summary>Two databases with all that no rename can move, which look into each other and into a third one.</summary>
[Trait("Kind", "server")]
public sealed class DatabaseExchangeTests(MariaDbFixture fixture, SharedDump dump) : MySqlExchangeContract(fixture, dump), IClassFixture<SharedDump>
{
    protected override string Word => "exd";

    private protected override ExchangeSubject MakeSubject(MySqlSandbox sandbox, SharedDump shared)
    {
        var (one, two, other) = (Word + "_one", Word + "_two", Word + "_third");
        return new ExchangeSubject(
            sandbox,
            shared,
            [one, two],
            content => $"""
                CREATE DATABASE IF NOT EXISTS {other};
                CREATE TABLE IF NOT EXISTS {other}.stays(id INT PRIMARY KEY);
                REPLACE INTO {other}.stays VALUES (1);
                CREATE DATABASE {one} CHARACTER SET {(content == "new content" ? "latin1" : "latin2")};
                CREATE DATABASE {two};
                USE {two};
                CREATE TABLE far(id INT PRIMARY KEY);
                INSERT INTO far VALUES (1);
                USE {one};
                CREATE SEQUENCE numbers;
                CREATE TABLE parent(id INT PRIMARY KEY, content VARCHAR(20), n INT DEFAULT NEXTVAL(numbers), CONSTRAINT to_far FOREIGN KEY (id) REFERENCES {two}.far(id));
                CREATE TABLE child(id INT, CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES parent(id));
                INSERT INTO parent(id, content) VALUES (1, '{content}');
                INSERT INTO child VALUES (1);
                CREATE FUNCTION said() RETURNS VARCHAR(20) DETERMINISTIC RETURN '{content}';
                CREATE PROCEDURE look() SELECT * FROM parent;
                CREATE TRIGGER marks BEFORE INSERT ON parent FOR EACH ROW SET NEW.content = '{content}';
                CREATE EVENT later ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' COMMENT '{content}' DO DELETE FROM child;
                CREATE VIEW above AS SELECT parent.content, said() AS says FROM parent JOIN child ON child.id = parent.id JOIN {other}.stays ON stays.id = parent.id;
                CREATE VIEW {two}.across AS SELECT content FROM {one}.above JOIN {two}.far;
                """,
            $"""
            SELECT content FROM {one}.parent UNION ALL SELECT says FROM {one}.above UNION ALL SELECT content FROM {two}.across
            UNION ALL SELECT COALESCE(MAX(EVENT_COMMENT), 'no event') FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{one}'
            UNION ALL SELECT COALESCE(MAX(REGEXP_SUBSTR(ACTION_STATEMENT, '(old|new) content')), 'no trigger')
                FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '{one}'
            UNION ALL SELECT IF(DEFAULT_CHARACTER_SET_NAME = 'latin1', 'new content', 'old content')
                FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{one}'
            """);
    }
}

/// <summary>Nothing but tables: one statement is the whole exchange.</summary>
[Trait("Kind", "server")]
public sealed class PlainDatabaseExchangeTests(MariaDbFixture fixture, SharedDump dump) : MySqlExchangeContract(fixture, dump), IClassFixture<SharedDump>
{
    protected override string Word => "exp";

    [Fact]
    public async Task It_is_atomic_and_the_plan_says_so()
    {
        await using var subject = await MakeSubjectAsync();
        Assert.False((await subject.PlanAsync()).IsAtomic); // A database has to be made.
        await subject.MakeLiveAsync("old content");
        Assert.True((await subject.PlanAsync()).IsAtomic);
    }

    private protected override ExchangeSubject MakeSubject(MySqlSandbox sandbox, SharedDump shared) => new(
        sandbox,
        shared,
        [Word],
        content => $"""
            CREATE DATABASE {Word} CHARACTER SET utf8mb4;
            USE {Word};
            CREATE TABLE parent(id INT PRIMARY KEY, content VARCHAR(20));
            CREATE TABLE child(id INT, content VARCHAR(20), CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES parent(id));
            INSERT INTO parent VALUES (1, '{content}');
            INSERT INTO child VALUES (1, '{content}');
            """,
        $"SELECT content FROM {Word}.parent UNION ALL SELECT content FROM {Word}.child");
}

/// <summary>Tables of a database that has others, which stay.</summary>
[Trait("Kind", "server")]
public sealed class TableExchangeTests(MariaDbFixture fixture, SharedDump dump) : MySqlExchangeContract(fixture, dump), IClassFixture<SharedDump>
{
    protected override string Word => "ext";

    private protected override ExchangeSubject MakeSubject(MySqlSandbox sandbox, SharedDump shared) => new(
        sandbox,
        shared,
        [Word],
        content => $"""
            CREATE DATABASE IF NOT EXISTS {Word};
            USE {Word};
            CREATE TABLE IF NOT EXISTS stays(id INT PRIMARY KEY);
            REPLACE INTO stays VALUES (1);
            CREATE TABLE parent(id INT PRIMARY KEY, content VARCHAR(20), CONSTRAINT to_stays FOREIGN KEY (id) REFERENCES stays(id));
            CREATE TABLE child(id INT, content VARCHAR(20), CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES parent(id));
            INSERT INTO parent VALUES (1, '{content}');
            INSERT INTO child VALUES (1, '{content}');
            CREATE TRIGGER marks BEFORE INSERT ON child FOR EACH ROW SET NEW.content = '{content}';
            """,
        $"""
        SELECT content FROM {Word}.parent UNION ALL SELECT content FROM {Word}.child
        UNION ALL SELECT COALESCE(MAX(REGEXP_SUBSTR(ACTION_STATEMENT, '(old|new) content')), 'no trigger')
            FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '{Word}'
        """)
    {
        Entries = [$"{Word}.parent", $"{Word}.child"],
    };
}
