using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Tests.Support;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeVersionTests
{
    [Fact]
    public void The_recorded_version_is_read() => Assert.Equal(new OstreeVersion(2022, 7), OstreeVersion.Parse(Shared.Own("version.txt")));

    [Theory]
    [InlineData("libostree:\n Version: '2025.2'\n", "2025.2")]
    [InlineData(" Version: \"2026.4\"", "2026.4")]
    [InlineData("Version: 2024.10-3.el9", "2024.10")]
    [InlineData("Version: 2024.10.12.gabcdef", "2024.10")]
    [InlineData("Version: ", null)]
    [InlineData("Version: x.y", null)]
    [InlineData("", null)]
    public void Versions(string text, string? expected) => Assert.Equal(expected, OstreeVersion.Parse(text)?.ToString());

    [Theory]
    [InlineData(2022, 7, false, false, false, false)]
    [InlineData(2023, 5, false, false, false, false)]
    [InlineData(2023, 6, true, false, false, false)]
    [InlineData(2023, 8, true, true, false, false)]
    [InlineData(2024, 1, true, true, true, false)]
    [InlineData(2024, 10, true, true, true, false)]
    [InlineData(2025, 2, true, true, true, false)]
    [InlineData(2025, 3, true, true, true, true)]
    [InlineData(2026, 1, true, true, true, true)]
    public void What_a_version_can_do(int year, int number, bool setDefault, bool lockFinalization, bool skipSignatures, bool json)
    {
        var version = new OstreeVersion(year, number);
        Assert.Equal(
            (setDefault, lockFinalization, skipSignatures, json),
            (version.HasSetDefault, version.HasLockFinalization, version.HasSkipSignatures, version.HasJsonStatus));
    }
}
