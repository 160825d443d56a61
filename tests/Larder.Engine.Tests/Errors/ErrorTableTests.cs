using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Sources;

namespace Larder.Engine.Tests.Errors;

public sealed class ErrorTableTests
{
    public static TheoryData<Enum> EveryError =>
        [.. Enum.GetValues<EngineError>().Cast<Enum>()
            .Concat(Enum.GetValues<RepositoryError>().Cast<Enum>())
            .Concat(Enum.GetValues<SourceError>().Cast<Enum>())];

    [Theory]
    [MemberData(nameof(EveryError))]
    public void Every_error_has_one_row(Enum error) => Assert.Single(ErrorTable.Rows, row => row.Kind.Equals(error));

    [Fact]
    public void No_row_is_left_over_and_no_number_is_given_twice()
    {
        Assert.Equal(EveryError.Count, ErrorTable.Rows.Count);
        Assert.Equal(ErrorTable.Rows.Count, ErrorTable.Rows.Select(row => row.Number).Distinct().Count());
        Assert.All(ErrorTable.Rows, row => Assert.InRange(row.Number, 1, 119));
    }

    [Fact]
    public void Every_text_is_whole_sentences_on_one_line()
    {
        Assert.All(ErrorTable.Rows.SelectMany(row => new[] { row.Cause, row.Remedy, row.Hint }), text =>
        {
            Assert.Matches(@"[.?]$", text);
            Assert.DoesNotContain('\n', text);
            Assert.All(text, letter => Assert.InRange(letter, ' ', '\u2026'));
        });
    }

    [Fact]
    public void Every_hint_can_be_filled_and_leaves_no_place_open()
    {
        var full = new ErrorContext { Job = "journal", Repository = "offsite", Backup = "3f9a1c20", Source = "db" };
        Assert.All(ErrorTable.Rows, row =>
        {
            Assert.DoesNotContain('{', full.Fill(row.Hint));
            Assert.DoesNotContain('{', ErrorContext.None.Fill(row.Hint));
        });
    }

    [Theory]
    [InlineData(RepositoryError.NoRepository, 10)]
    [InlineData(RepositoryError.Locked, 11)]
    [InlineData(RepositoryError.WrongPassword, 12)]
    [InlineData(RepositoryError.Damaged, 5)]
    [InlineData(RepositoryError.StorageFull, 1)]
    [InlineData(EngineError.Interrupted, 130)]
    [InlineData(EngineError.ConfigurationInvalid, 2)]
    [InlineData(EngineError.ConfirmationMissing, 4)]
    [InlineData(EngineError.VerificationFoundDamage, 5)]
    [InlineData(SourceError.EntryVanished, 3)]
    [InlineData(SourceError.ToolFailed, 1)]
    [InlineData(SourceError.Mismatch, 5)]
    public void Exit_statuses_are_those_of_the_command_line(Enum error, int exitStatus) =>
        Assert.Equal(exitStatus, (int)ErrorTable.Rows.Single(row => row.Kind.Equals(error)).ExitStatus);

    [Fact]
    public void A_configuration_with_problems_and_a_secret_that_cannot_be_had_are_told_apart()
    {
        var problem = new ConfigurationProblem { Key = "jobs", Message = "The configuration has no jobs.", Suggestion = "jobs: …" };
        var problems = ErrorTable.Describe(new ConfigurationException([problem, problem with { Message = "It has no repositories." }]));
        var secret = ErrorTable.Describe(new ConfigurationException(problem with { Message = "The secret of password is empty." }));

        Assert.Equal("LARDER-010 The configuration has no jobs. It has no repositories.", $"{problems.Code} {problems.Message}");
        Assert.Equal("LARDER-012 The secret of password is empty.", $"{secret.Code} {secret.Message}");
        Assert.Equal([ExitStatus.Usage, ExitStatus.Usage], [problems.ExitStatus, secret.ExitStatus]);
    }

    [Fact]
    public void A_repository_error_is_reported_with_number_message_and_a_hint_that_names_the_repository()
    {
        var report = ErrorTable.Describe(
            new RepositoryException(RepositoryError.Damaged, "Pack 3f9a1c20 is 12 bytes shorter than its index says."),
            new ErrorContext { Repository = "offsite" });

        Assert.Equal(
            """
            LARDER-051 Pack 3f9a1c20 is 12 bytes shorter than its index says.
            HINT: run "larder verify --level data --repository offsite"; affected backups are listed there.
            """,
            report.ToString());
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
    }

    [Fact]
    public void What_the_exception_knows_goes_before_what_its_catcher_knows()
    {
        var exception = new LarderException(EngineError.BackupPinned, "Backup 3f9a1c20 is pinned.")
        {
            Context = new ErrorContext { Backup = "3f9a1c20" },
        };

        Assert.Contains("unpin 3f9a1c20", ErrorTable.Describe(exception, new ErrorContext { Backup = "latest" }).Hint);
        Assert.Contains("unpin latest", ErrorTable.Describe(new LarderException(EngineError.BackupPinned, "It is pinned."), new() { Backup = "latest" }).Hint);
        Assert.Contains("unpin BACKUP", new LarderException(EngineError.BackupPinned, "It is pinned.").Hint);
    }

    [Fact]
    public void A_hint_set_at_the_place_of_failure_is_kept_as_it_is()
    {
        var exception = new LarderException(EngineError.UnknownJob, "There is no job \"jurnal\".") { Hint = "did you mean \"journal\"?" };

        Assert.Equal("did you mean \"journal\"?", ErrorTable.Describe(exception).Hint);
        Assert.Equal(20, exception.Number);
        Assert.Equal(ExitStatus.Usage, exception.ExitStatus);
    }

    [Fact]
    public void An_unforeseen_exception_is_reported_in_one_line_without_its_stack()
    {
        Exception thrown = Assert.Throws<InvalidOperationException>(() => Throw("first line\nsecond line"));

        var report = ErrorTable.Describe(thrown);

        Assert.Equal("LARDER-001", report.Code);
        Assert.Equal("InvalidOperationException: first line second line.", report.Message);
        Assert.DoesNotContain(nameof(Throw), report.ToString());
        Assert.Equal(ExitStatus.Failed, report.ExitStatus);
    }

    [Fact]
    public void Of_several_exceptions_the_failure_is_reported_and_not_the_cancellation_it_caused()
    {
        var several = new AggregateException(
            new TaskCanceledException(),
            new AggregateException(new SourceException(SourceError.ToolFailed, "pg_dump ended with exit status 1.")));

        Assert.Equal("LARDER-065", ErrorTable.Describe(several).Code);
        Assert.Equal("LARDER-002", ErrorTable.Describe(new AggregateException(new TaskCanceledException())).Code);
        Assert.Equal("LARDER-001", ErrorTable.Describe(new AggregateException()).Code);
    }

    [Fact]
    public void A_cancellation_is_an_interruption_and_a_bad_local_file_is_no_fault_of_Larder()
    {
        Assert.Equal(ExitStatus.Interrupted, ErrorTable.Describe(new OperationCanceledException()).ExitStatus);
        Assert.Equal("LARDER-004", ErrorTable.Describe(new FileNotFoundException("Could not find file '/etc/larder/x'.")).Code);
        Assert.Equal("LARDER-004", ErrorTable.Describe(new UnauthorizedAccessException("Access to '/x' is denied.")).Code);
    }

    private static void Throw(string message) => throw new InvalidOperationException(message);
}
