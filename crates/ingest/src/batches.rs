//! The table as a stream of batches, in order and in bounded memory.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ingest_columnar::arrow::array::RecordBatch;
use ingest_columnar::arrow::datatypes::SchemaRef;

use crate::aside::Rejects;
use crate::error::{Code, Error, Result};
use crate::reader::Reader;
use crate::session::Session;
use crate::settle::schema;
use crate::write::Handing;

/// Batches that wait for their reader before parsing pauses.
const WAITING_MAX: usize = 4;

/// The batches of a table, as [`Reader::batches`] hands them out. Dropped early, it stops the work behind it.
pub struct BatchIter {
    schema: SchemaRef,
    receiver: Option<Receiver<Result<RecordBatch>>>,
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

impl BatchIter {
    /// The schema of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Reader {
    /// The table batch by batch. As nothing can be taken back from the caller, the types are settled by a pass of its own
    /// first, unless every column's type is given.
    ///
    /// # Errors
    /// As [`Reader::collect`]; errors of the second pass come as an item.
    ///
    /// ```
    /// let mut rows = 0;
    /// for batch in ingest::read(b"a,b\n1,x\n2,y\n".to_vec())?.batches()? {
    ///     rows += batch?.num_rows();
    /// }
    /// assert_eq!(rows, 2);
    /// # Ok::<(), ingest::Error>(())
    /// ```
    pub fn batches(self) -> Result<BatchIter> {
        // Not the caller's flag: others may look at that.
        let stop = Arc::new(AtomicBool::new(false));
        let (mut session, kinds) = Session::start(self)?.attempt(Session::settle_types)?;
        session.abandoned = Some(Arc::clone(&stop));
        let schema = schema(&session.plan, &kinds);
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let handed = schema.clone();
        let worker = std::thread::spawn(move || {
            let act = Mutex::new(|batch| send(&sender, Ok(batch)));
            let mut rejects = Rejects::counting();
            if let Err(error) = session.run(&Handing { schema: handed, act }, Some(&kinds), &mut rejects) {
                // A caller that went away needs no error.
                let _ = sender.send(Err(error));
            }
        });
        Ok(BatchIter { schema, receiver: Some(receiver), stop, worker: Some(worker) })
    }
}

fn send(sender: &SyncSender<Result<RecordBatch>>, batch: Result<RecordBatch>) -> Result<()> {
    sender.send(batch).map_err(|_| Error::new(Code::Interrupted, "nobody takes the batches any more"))
}

impl Iterator for BatchIter {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.as_ref()?.recv().ok()
    }
}

impl Drop for BatchIter {
    fn drop(&mut self) {
        // With the receiver gone every send fails, which ends the run; the flag ends it between sends.
        self.receiver = None;
        if let Some(worker) = self.worker.take().filter(|worker| !worker.is_finished()) {
            self.stop.store(true, Ordering::Relaxed);
            let _ = worker.join();
        }
    }
}
