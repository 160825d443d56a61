using System.Globalization;
using Larder.Engine.Errors;
using Larder.Engine.Tests.Verify.Planted;
using Larder.Engine.Verify;
using Larder.Testing;

namespace Larder.Engine.Tests.Verify;

/// <summary>
/// Bad backups that every checksum takes for good, and good ones: content finds all of the first kind and complains of none of the second.
/// </summary>
public sealed class PlantedBackupsTests
{
    private const int BadAtLeast = 100;
    private const int Good = 100;

    private static readonly DateTimeOffset Begin = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public Task Content_finds_every_planted_backup_and_names_it_its_source_and_its_entry() => SeededRandom.RunAsync(async random =>
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var repository = await larder.Context().Repositories.OpenAsync("local", CancellationToken.None);
        var planted = new Dictionary<string, (BadKind Kind, string Named)>();
        for (var i = 0; i < Math.Max(BadAtLeast, BadKind.All.Count); i++)
        {
            var kind = BadKind.All[i % BadKind.All.Count];
            var sources = await SampleSources.MakeAsync(random, random.Next(16, 60));
            var (bad, named) = kind.Spoil(random, sources.First(source => source.Name == kind.Source));
            var id = await new PlantedBackup
            {
                Sources = [.. sources.Select(source => source.Name == bad.Name ? bad : source)],
                CreatedAt = Begin.AddHours(i),
            }.WriteAsync(repository);
            planted.Add(id, (kind, named));
        }
        larder.Clock.Now = Begin.AddYears(1);

        // The proof that they are bad in no way that a checksum sees.
        Assert.Empty((await VerifyAsync(larder, VerifyLevel.Data)).Errors);
        foreach (var restic in ResticBinary.All)
        {
            await restic.At(larder.PathOf("local"), "secret").CheckReadDataAsync();
        }

        var report = await VerifyAsync(larder, VerifyLevel.Content, [.. planted.Keys]);
        Assert.Equal("failed", report.Status);
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
        var missed = new List<string>();
        foreach (var (id, (kind, named)) in planted)
        {
            var errors = report.Errors.Where(error => error.Backups.Any(backup => backup.ShortId == id[..8])).ToList();
            if (errors.Count == 0)
            {
                missed.Add($"{kind} was not found.");
            }
            else if (!errors.Exists(error => IsAbout(error, kind.Source, named)))
            {
                missed.Add($"{kind} is told of without {kind.Source} or {named}: {string.Join(" ", errors.Select(error => error.Message))}");
            }
        }
        Assert.True(missed.Count == 0, string.Join(Environment.NewLine, missed));
        Assert.All(report.Errors, error => Assert.Single(error.Backups));
    });

    [Fact]
    public Task Content_complains_of_no_good_backup() => SeededRandom.RunAsync(async random =>
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var repository = await larder.Context().Repositories.OpenAsync("local", CancellationToken.None);
        var planted = new List<string>();
        for (var i = 0; i < Good; i++)
        {
            planted.Add(await new PlantedBackup
            {
                Sources = await SampleSources.MakeAsync(random, 20 + (i / 4) + random.Next(8)),
                CreatedAt = Begin.AddHours(i),
            }.WriteAsync(repository));
        }
        larder.Clock.Now = Begin.AddYears(1);

        var report = await VerifyAsync(larder, VerifyLevel.Content, planted);
        Assert.True(report.Errors.Count == 0, string.Join(Environment.NewLine, report.Errors.Select(error => error.Message)));
        Assert.True(report.Hints.Count == 0, string.Join(Environment.NewLine, report.Hints));
        Assert.Equal(Good, report.Checked.Contents);
        Assert.Equal(ExitStatus.Done, report.ExitStatus);
    });

    private static bool IsAbout(VerifyFinding error, string source, string named)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{error.File} {error.Message}");
        return text.Contains(source, StringComparison.Ordinal) && text.Contains(named, StringComparison.Ordinal);
    }

    private static Task<VerifyReport> VerifyAsync(ScratchLarder larder, VerifyLevel level, IReadOnlyList<string>? backups = null) =>
        new VerifyRun(
            larder.Context(), new VerifyRequest { Level = level, Repository = "local", Backups = backups ?? [] }, new RunProgress())
            .ExecuteAsync(CancellationToken.None);
}
