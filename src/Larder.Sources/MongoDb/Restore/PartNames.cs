using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>The three names of one part of an exchange, and where it is by what stands under them.</summary>
/// <param name="Live">What it is called by those who use it.</param>
/// <param name="Beside">The restored one, until the exchange.</param>
/// <param name="Old">The replaced one, from the exchange on; null where nothing stood there.</param>
internal sealed record PartNames(FullName Live, FullName Beside, FullName? Old)
{
    public PartNames(ExchangePart part)
        : this(FullName.Parse(part.Live), FullName.Parse(part.Beside), part.Old is { } old ? FullName.Parse(old) : null)
    {
    }

    public IEnumerable<FullName> All => Old is { } old ? [Live, Beside, old] : [Live, Beside];

    /// <summary>Both names stand while something is moved from one to the other that cannot be renamed.</summary>
    public ExchangeState Look(StandingNames standing)
    {
        var isBeside = standing.Stands(Beside);
        if (All.Any(standing.IsTorn))
        {
            return ExchangeState.Between;
        }
        if (Old is { } old)
        {
            return (standing.Stands(old), isBeside) switch
            {
                (true, true) => ExchangeState.Between,
                (true, false) => ExchangeState.Exchanged,
                (false, true) => ExchangeState.Beside,
                _ => ExchangeState.Untouched,
            };
        }
        if (isBeside)
        {
            var isHalfMoved = standing.AreSameViews(Live, Beside) || (Live.IsFunctions && standing.Stands(Live));
            return isHalfMoved ? ExchangeState.Between : ExchangeState.Beside;
        }
        return standing.Stands(Live) ? ExchangeState.Exchanged : ExchangeState.Untouched;
    }
}
