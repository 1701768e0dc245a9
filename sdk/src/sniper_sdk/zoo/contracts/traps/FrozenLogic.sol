// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LogicToken} from "base/LogicToken.sol";

/// What a proxy is turned to when its holders are to be trapped: allowances are of no use any more, so nothing can be sold.
contract FrozenLogic is LogicToken {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        revert("paused for maintenance");
    }
}
