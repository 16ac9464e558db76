//! Brings a database to this program's schema.

use deadpool_postgres::Object;

use crate::store::StoreError;
use crate::store::migrations::{self, Step};
use crate::store::postgres::connect::refused;

/// The advisory lock of those who migrate: a second one waits, and finds the work done.
const LOCK: i64 = 0x5e71_ce97_ad00;

/// The database's schema; 0: it has none.
pub(super) async fn schema(connection: &mut Object) -> Result<i64, StoreError> {
    let doing = refused("asking for the schema of the database");
    let exists =
        connection.query_one("SELECT to_regclass('refinery_schema_history') IS NOT NULL", &[]).await.map_err(&doing)?;
    if !exists.get::<_, bool>(0) {
        return Ok(0);
    }
    let sql = "SELECT coalesce(max(version), 0)::bigint FROM refinery_schema_history";
    Ok(connection.query_one(sql, &[]).await.map_err(&doing)?.get(0))
}

/// Takes the steps that the database lacks.
pub(super) async fn migrate(connection: &mut Object, url: &str, may_migrate: bool) -> Result<(), StoreError> {
    let doing = refused("bringing the database to this schema");
    migrations::judge(url, schema(connection).await?, may_migrate)?;
    connection.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(&doing)?;
    let runner = migrations::runner(|step: &Step, _| step.postgres.to_owned())?;
    let ran = runner.run_async(&mut ***connection).await;
    // The lock also falls with the connection, which is let go after a failure.
    ran.map_err(|error| migrations::failed(&error))?;
    connection.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await.map_err(&doing)?;
    Ok(())
}
