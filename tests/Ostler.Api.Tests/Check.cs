using FsCheck;
using FsCheck.Fluent;

namespace Ostler.Api.Tests;

/// <summary>Properties over random numbers, from a seed that is always the same.</summary>
internal static class Check
{
    public static void Property(Func<int, bool> holds) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20261101UL, 1UL), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), holds));
}
