namespace Ostler.Kubernetes.Tests;

public sealed class BackoffTests
{
    private static readonly BackoffOptions Options = new() { Initial = TimeSpan.FromSeconds(1), Maximum = TimeSpan.FromSeconds(30) };

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(6, 30)]
    [InlineData(63, 30)]
    [InlineData(64, 30)]
    [InlineData(65, 30)]
    [InlineData(int.MaxValue, 30)]
    public void A_delay_doubles_up_to_its_ceiling_and_never_wraps_around(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Options.After(failures));

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(0.5, 1)]
    [InlineData(0.999, 1.499)]
    public void Jitter_spreads_a_delay_from_one_half_to_one_and_a_half(double random, double seconds) =>
        Assert.Equal(seconds, Options.After(1, random).TotalSeconds, 6);
}
