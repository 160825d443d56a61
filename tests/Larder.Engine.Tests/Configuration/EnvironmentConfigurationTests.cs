using Larder.Engine.Configuration;
using Larder.Engine.Retention;

namespace Larder.Engine.Tests.Configuration;

public sealed class EnvironmentConfigurationTests
{
    private static readonly (string, string) Password = ("LARDER_PASSWORD", "pa$$w${ord}");

    [Fact]
    public async Task One_url_and_a_password_make_a_working_job()
    {
        using var loading = new Loading(("DATABASE_URL", "mongodb://localhost:27017/jorbites"), Password);
        var configuration = ConfigurationLoader.Load(null, loading.Environment).Require();

        Assert.Null(configuration.File);
        var repository = configuration.Repositories["local"];
        Assert.Equal(Path.Combine(loading.Folder, "backups"), Assert.IsType<LocalLocation>(repository.Location).Path);
        Assert.Equal(Password.Item2, await repository.Password.RevealAsync(TestContext.Current.CancellationToken));
        var job = configuration.Jobs["jorbites"];
        Assert.IsType<MongoDbSourceSettings>(Assert.Single(job.Sources));
        Assert.Equal("0 2 * * *", Assert.Single(job.Schedule).Cron.Text);
        Assert.Equal(new KeepPolicy { Within = TimeSpan.FromDays(30) }, job.Keep);
        Assert.Empty(configuration.Alerts);
    }

    [Theory]
    [InlineData("postgresql://u:p@h/app", "postgresql", "app")]
    [InlineData("postgres://u:p@h:5432/app?sslmode=require", "postgresql", "app")]
    [InlineData("mongodb+srv://u:p@h/app", "mongodb", "app")]
    [InlineData("mysql://u:p@h", "mysql", "database")]
    [InlineData("mariadb://u:p@h/app", "mysql", "app")]
    [InlineData("sqlite:///srv/app.db", "sqlite", "app")]
    [InlineData("sqlite:////srv/app.db", "sqlite", "app")]
    [InlineData("postgresql+asyncpg://u:p@h/app", "postgresql", "app")]
    [InlineData("mysql+pymysql://u:p@h/app", "mysql", "app")]
    public void The_scheme_decides_the_engine(string url, string engine, string job)
    {
        using var loading = new Loading(("DATABASE_URL", url), Password);
        var settings = Assert.Single(ConfigurationLoader.Load(null, loading.Environment).Require().Jobs).Value;

        Assert.Equal((engine, job), (Assert.Single(settings.Sources).Engine, settings.Name));
        if (settings.Sources[0] is SqliteSourceSettings sqlite)
        {
            Assert.Equal("/srv/app.db", sqlite.Path);
        }
    }

    [Fact]
    public void Variables_of_every_seed_are_understood()
    {
        using var loading = new Loading(
            ("MONGODB_LOCAL_URL", "mongodb://localhost"), ("MONGODB_CLOUD_URL", "mongodb+srv://cloud"), ("PRIMARY_DATABASE", "local"),
            ("DATABASE_NAME", "temple_db"), ("BACKUP_DIR", "data/backups"), ("BACKUP_SCHEDULE", "0 */6 * * *"),
                ("BACKUP_RETENTION_DAYS", "14"),
            ("BACKUP_ENABLED", "true"), ("MAIL_SERVER", "smtp.mailgun.org"), ("MAIL_PORT", "587"), ("MAIL_USERNAME", "larder"),
            ("MAIL_PASSWORD", "hunter2"), ("EMAIL_TO", "a@example.com, b@example.com"), Password);
        var result = ConfigurationLoader.Load(null, loading.Environment);
        var job = result.Require().Jobs["temple_db"];

        Assert.Equal(["temple_db"], Assert.IsType<MongoDbSourceSettings>(job.Sources[0]).Databases.Names);
        Assert.Equal(("db", "updatedAt"), (job.Sync!.Source, job.Sync.Field));
        Assert.Null(job.Purge);
        Assert.Equal("0 */6 * * *", job.Schedule[0].Cron.Text);
        Assert.Equal(TimeSpan.FromDays(14), job.Keep.Within);
        Assert.Equal(Path.Combine(loading.Folder, "data/backups"),
            ((LocalLocation)result.Configuration!.Repositories["local"].Location).Path);
        var email = Assert.IsType<EmailChannel>(Assert.Single(result.Configuration.Alerts).Channel);
        Assert.Equal(("smtp.mailgun.org", 587, "larder"), (email.Server, email.Port, email.User));
        Assert.Equal(["a@example.com", "b@example.com"], email.To);
        Assert.DoesNotContain("hunter2", ConfigurationWriter.Show(result), StringComparison.Ordinal);
        Assert.Contains("# BACKUP_SCHEDULE", ConfigurationWriter.Show(result), StringComparison.Ordinal);
    }

    [Fact]
    public void Backups_that_are_not_enabled_have_no_schedule_and_can_be_made_by_hand()
    {
        using var loading = new Loading(("DATABASE_URL", "sqlite:///app.db"), ("BACKUP_ENABLED", "false"), Password);
        Assert.Empty(ConfigurationLoader.Load(null, loading.Environment).Require().Jobs["app"].Schedule);
    }

    [Fact]
    public async Task The_variables_of_a_seed_alone_make_a_job_whose_password_init_makes_once()
    {
        using var loading = new Loading();
        using var configured = new Loading(
            ("DATABASE_URL", "postgresql+asyncpg://hoppybrew:pw@db:5432/hoppybrew_db"), ("BACKUP_DIR", Path.Combine(loading.Folder, "backups")),
            ("XDG_STATE_HOME", Path.Combine(loading.Folder, "state")));
        var result = ConfigurationLoader.Load(null, configured.Environment);
        var configuration = result.Require();
        var key = Path.Combine(loading.Folder, "state", "larder", "repository.key");

        Assert.Contains(key, Assert.Single(result.Warnings).ToString(), StringComparison.Ordinal);
        var source = Assert.IsType<PostgreSqlSourceSettings>(Assert.Single(configuration.Jobs["hoppybrew_db"].Sources));
        Assert.Equal("postgresql://hoppybrew:pw@db:5432/hoppybrew_db", await source.Server.Url!.RevealAsync(CancellationToken.None));
        Assert.Equal(key, GeneratedPassword.MakeMissing(configuration));
        Assert.Null(GeneratedPassword.MakeMissing(configuration));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.Equal(44, (await configuration.Repositories["local"].Password.RevealAsync(CancellationToken.None)).Length);
        Assert.Empty(ConfigurationLoader.Load(null, configured.Environment).Warnings);
    }

    [Fact]
    public void No_second_password_is_made_for_a_repository_that_has_one()
    {
        using var loading = new Loading();
        using var configured = new Loading(
            ("DATABASE_URL", "postgresql://db/app"), ("BACKUP_DIR", loading.Folder), ("XDG_STATE_HOME", Path.Combine(loading.Folder, "state")));
        loading.Write("config", "of a repository");

        Assert.Null(GeneratedPassword.MakeMissing(ConfigurationLoader.Load(null, configured.Environment).Require()));
        Assert.False(Directory.Exists(Path.Combine(loading.Folder, "state")));
    }

    [Fact]
    public void Variables_may_stand_in_a_file_beside()
    {
        using var loading = new Loading();
        loading.Write(".env", "DATABASE_URL=sqlite:////srv/notes.db\nLARDER_PASSWORD_FILE=key\n");
        loading.Write("key", "x");
        var result = ConfigurationLoader.Load(null, loading.Environment);

        Assert.Empty(result.Warnings);
        Assert.Equal(Path.Combine(loading.Folder, "key"), result.Require().Repositories["local"].Password.Reference);
    }

    [Theory]
    [InlineData("DATABASE_URL", "DATABASE_URL", "oracle://u:hunter2@h/d")]
    [InlineData("BACKUP_SCHEDULE", "BACKUP_SCHEDULE", "hunter2")]
    [InlineData("BACKUP_RETENTION_DAYS", "BACKUP_RETENTION_DAYS", "hunter2")]
    [InlineData("BACKUP_ENABLED", "BACKUP_ENABLED", "hunter2")]
    [InlineData("LARDER_PASSWORD", "LARDER_PASSWORD_FILE", "hunter2")]
    [InlineData("MAIL_PORT", "MAIL_PORT", "hunter2")]
    public void A_wrong_variable_is_a_problem_that_names_it(string key, string variable, string value)
    {
        var variables = new Dictionary<string, string>
        {
            ["DATABASE_URL"] = "sqlite:///app.db", ["LARDER_PASSWORD"] = "x", ["MAIL_SERVER"] = "m", ["EMAIL_TO"] = "a@example.com",
                [variable] = value,
        };
        using var loading = new Loading([.. variables.Select(pair => (pair.Key, pair.Value))]);
        var problem = Assert.Single(ConfigurationLoader.Load(null, loading.Environment).Problems);

        Assert.Equal(key, problem.Key);
        Assert.NotNull(problem.Suggestion);
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }
}
