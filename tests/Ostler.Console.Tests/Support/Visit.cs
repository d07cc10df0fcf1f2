using Microsoft.Playwright;

namespace Ostler.Console.Tests.Support;

/// <summary>
/// One page, and everything that the browser had to complain of: errors, refused resources, violations of the page's policy.
/// </summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    private Visit(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    public List<string> Complaints { get; } = [];

    /// <summary>Where the page had anything from.</summary>
    public HashSet<string> Origins { get; } = [];

    public static async Task<Visit> OpenAsync(Chromium chromium, Uri address, string hash = "", ColorScheme scheme = ColorScheme.Light,
        int width = 1440, string? timeZone = null)
    {
        var context = await chromium.NewContextAsync(scheme, width, timeZone: timeZone);
        var visit = new Visit(context, await context.NewPageAsync());
        visit.Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                visit.Complaints.Add(message.Text);
            }
        };
        visit.Page.PageError += (_, error) => visit.Complaints.Add(error);
        visit.Page.Request += (_, request) => visit.Origins.Add(new Uri(request.Url).GetLeftPart(UriPartial.Authority));
        await visit.Page.GotoAsync($"{address}{hash}");
        return visit;
    }

    /// <summary>Nothing was refused, nothing failed, and all came from the console itself.</summary>
    public void AssertQuiet()
    {
        Assert.Empty(Complaints);
        Assert.Single(Origins);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
