namespace Larder.EndToEnd.Restores;

/// <summary>A moment at one line of a journal.</summary>
/// <param name="Line">Of those that the killed process writes, from 1.</param>
/// <param name="Moment">Where at the line.</param>
/// <param name="Microseconds">How long after it; for <see cref="KillMoment.After"/>.</param>
internal sealed record KillPoint(int Line, KillMoment Moment, long Microseconds = 0)
{
    private const int MomentsOfLine = 4;

    // All of them in `make soak`; in `make test` one for each line.
    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";

    /// <summary>
    /// Before, in, after each line, and somewhere between it and the next. For `make test` one of these four for each line, so that four
    /// seeds make the whole.
    /// </summary>
    /// <param name="gaps">How long it took from each line to the next when nobody disturbed; zero after the last.</param>
    public static IReadOnlyList<KillPoint> Choose(IReadOnlyList<TimeSpan> gaps, Random random)
    {
        var first = random.Next(MomentsOfLine);
        return
        [
            .. from line in Enumerable.Range(1, gaps.Count)
               from moment in Enumerable.Range(0, MomentsOfLine)
               where IsWhole || moment == (first + line) % MomentsOfLine
               select At(line, moment, gaps[line - 1], random),
        ];
    }

    public static KillPoint Random(int linesMax, Random random) => At(random.Next(linesMax) + 1, random.Next(3), default, random);

    public override string ToString() => $"{Moment.ToString().ToLowerInvariant()} {Line} {Microseconds}";

    private static KillPoint At(int line, int moment, TimeSpan gap, Random random) => moment < (int)KillMoment.After
        ? new KillPoint(line, (KillMoment)moment)
        : new KillPoint(line, KillMoment.After, moment == (int)KillMoment.After ? 0 : (long)(gap.TotalMicroseconds * random.NextDouble()));
}

internal enum KillMoment
{
    /// <summary>Nothing of the line is written.</summary>
    Before,

    /// <summary>Half of the line is written.</summary>
    Torn,

    /// <summary>The line is on disk.</summary>
    After,
}
